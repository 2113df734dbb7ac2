# A thin front; CMake does the work. `make` alone tells what there is.
.PHONY: help build night check check-slow bench drills fuzz fuzz-coverage lint format clean install deb

help:
	@echo 'make night    instala, construye y corre una noche electoral / installs, builds, runs an election night (~10 min)'
	@echo 'make build    construye en build/bin / builds into build/bin'
	@echo 'make check    todas las pruebas / every test'
	@echo 'make check-slow  las pruebas largas / the long tests (many minutes)'
	@echo 'make install  PREFIX=/usr/local DESTDIR= · make deb  el paquete de Debian / the Debian package'
	@echo 'make bench    comparaciones medidas / measured side by side'
	@echo 'make drills   los simulacros completos / the drills at full size'
	@echo 'make fuzz     caza de errores, SECONDS=60 por blanco / fuzzing, SECONDS=60 a target'
	@echo 'make fuzz-coverage  qué líneas alcanzan / which lines they reach, SECONDS=60'
	@echo 'make lint     clang-format, cppcheck, clang-tidy con su analizador / with its analyzer (minutes)'
	@echo 'make format   clang-format y los renglones del manual / and the lines of the manual'

build/build.ninja: tools/install-packages .ci/packages
	@tools/install-packages build
	@cmake --preset release >/dev/null

build: build/build.ninja
	@cmake --build --preset release

SPEED ?= 144
NIGHT_DIR ?= night
night: build
	@build/bin/atalaya night --dir $(NIGHT_DIR) --speed $(SPEED)

check-slow:
	@tools/install-packages build check
	@python3 tools/check.py slow

check:
	@tools/install-packages build check
	@python3 tools/check.py $(CHECK)

bench: build
	@tools/install-packages check bench
	@python3 bench/run.py

drills: build
	@tools/install-packages check bench
	@python3 drills/run.py
	@build/bin/atalaya drill noche --auto

SECONDS ?= 60
fuzz:
	@tools/install-packages build check
	@python3 tools/fuzz.py --seconds $(SECONDS)

fuzz-coverage:
	@tools/install-packages build check
	@python3 tools/coverage.py --seconds $(SECONDS)

lint:
	@tools/install-packages build check
	@python3 tools/check.py format lint analyze

format:
	@clang-format -i $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]')
	@python3 tools/wrap_man.py

PREFIX ?= /usr/local
install: build
	@cmake --preset release -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null
	@cmake --build --preset release --target programs
	@cmake --install build

deb:
	@tools/install-packages build package
	@dpkg-buildpackage -us -uc -b

clean:
	rm -rf build build-san build-fuzz build-cov
